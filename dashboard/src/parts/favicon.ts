// The small picture in the browser's tab tells how the run stands.

import { useEffect } from "react";
import type { Tone } from "../logic/status";
import bad from "../icons/bad.svg";
import busy from "../icons/busy.svg";
import good from "../icons/good.svg";
import idle from "../icons/idle.svg";
import wait from "../icons/wait.svg";

const PICTURES: Record<Tone, string> = { good, busy, wait, bad, idle, off: idle, back: bad };

export function useFavicon(tone: Tone): void {
  useEffect(() => {
    const link = document.getElementById("favicon");
    link?.setAttribute("href", PICTURES[tone]);
    return () => link?.setAttribute("href", idle);
  }, [tone]);
}
