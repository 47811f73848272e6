// A dialog of the browser's own: it keeps the focus, ends with Escape, and gives the focus back.

import { useEffect, useId, useRef, type ReactNode } from "react";
import { CLOSE } from "./icons";

export function Dialog({
  title,
  close,
  children,
  wide = false,
}: {
  title: ReactNode;
  close: () => void;
  children: ReactNode;
  wide?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const here = dialog.current;
    const before = document.activeElement;
    if (here && !here.open) here.showModal();
    const first = here?.querySelector<HTMLElement>("[data-first]") ?? here?.querySelector("h2");
    first?.focus();
    return () => {
      here?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={wide ? "dialog wide" : "dialog"}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div className="dialog-box">
        <header>
          <h2 id={id} tabIndex={-1}>
            {title}
          </h2>
          <button type="button" className="quiet" aria-label="Close" onClick={close}>
            {CLOSE}
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
