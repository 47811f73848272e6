// Where the page is, and how it goes elsewhere. The address is the only state that says so.

import { useMemo, useSyncExternalStore, type AnchorHTMLAttributes } from "react";
import { read, type Route } from "../logic/route";

const listeners = new Set<() => void>();
const guards = new Set<() => boolean>();
let here = location.pathname + location.search;

function moved(): void {
  here = location.pathname + location.search;
  for (const tell of listeners) tell();
}

function mayLeave(): boolean {
  return [...guards].every((ask) => ask());
}

addEventListener("popstate", () => {
  const path = (address: string) => address.split("?")[0];
  const leaves = path(here) !== location.pathname;
  if (leaves && !mayLeave()) history.pushState(null, "", here);
  else moved();
});
addEventListener("beforeunload", (event) => {
  if (guards.size > 0) event.preventDefault();
});

/** Go to an address of the dashboard; `replace` leaves no step for the back button. */
export function go(address: string, replace = false): void {
  if (address === here) return;
  const leaves = address.split("?")[0] !== here.split("?")[0];
  if (leaves && !mayLeave()) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  moved();
  if (leaves) scrollTo(0, 0);
}

/** Ask before the page is left; the returned function ends that. */
export function guard(ask: () => boolean): () => void {
  guards.add(ask);
  return () => guards.delete(ask);
}

export function useRoute(): Route {
  const address = useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => here,
  );
  return useMemo(() => {
    const [path, search] = address.split("?");
    return read(path ?? "/", search ?? "");
  }, [address]);
}

export function Link({ to, ...more }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  return (
    <a
      {...more}
      href={to}
      onClick={(event) => {
        more.onClick?.(event);
        const plain = !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
        if (event.defaultPrevented || event.button !== 0 || !plain) return;
        event.preventDefault();
        go(to);
      }}
    />
  );
}
