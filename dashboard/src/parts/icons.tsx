// Every drawing of the dashboard, inline, in the colour of the text around it.

import type { ReactNode } from "react";
import type { Shape } from "../logic/status";

const draw = (path: ReactNode, filled = false) => (
  <svg
    className="icon"
    viewBox="0 0 16 16"
    aria-hidden="true"
    fill={filled ? "currentColor" : "none"}
    stroke={filled ? "none" : "currentColor"}
    strokeWidth="1.7"
    strokeLinecap="round"
    strokeLinejoin="round"
  >
    {path}
  </svg>
);

const HAND =
  "M5 8.5V3.7a1 1 0 0 1 2 0V7m0 0V2.6a1 1 0 0 1 2 0V7m0-3.6a1 1 0 0 1 2 0V8m0-2.6" +
  "a1 1 0 0 1 2 0V10c0 2.8-1.8 4.5-4.3 4.5-2 0-3-.7-4.1-2.3L2.3 9.2c-.8-1.2.7-2.2 1.5-1.2L5 9.5";

export const SHAPES: Record<Shape, ReactNode> = {
  tick: draw(<path d="M3 8.5l3.3 3.3L13 4.5" />),
  cross: draw(<path d="M4 4l8 8M12 4l-8 8" />),
  spinner: <span className="spin">{draw(<path d="M8 2a6 6 0 1 0 6 6" />)}</span>,
  hand: draw(<path d={HAND} />),
  dot: draw(<circle cx="8" cy="8" r="5" strokeDasharray="2 2.2" />),
  skip: draw(<path d="M3 4l5 4-5 4zM9 4l4 4-4 4" />),
  stop: draw(<path d="M4.5 8h7M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2" />),
  back: draw(<path d="M6 3L2.5 6.5 6 10M3 6.5h6.5a3.7 3.7 0 0 1 0 7.4H7" />),
  clock: draw(<path d="M8 4.5V8l2.5 1.5M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2" />),
};

export const PLAY = draw(<path d="M5 3.2v9.6l8-4.8z" />, true);
export const COPY = draw(<path d="M6 6h7v7H6zM10 6V3H3v7h3" />);
export const SEARCH = draw(<path d="M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 1 0 0-9M10.5 10.5L14 14" />);
export const CLOSE = SHAPES.cross;
export const PLUS = draw(<path d="M8 3v10M3 8h10" />);
export const DOWN = draw(<path d="M8 3v7M4.5 7L8 10.5 11.5 7M3 13.5h10" />);
export const SUN = draw(
  <>
    <circle cx="8" cy="8" r="3" />
    <path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1" />
  </>,
);
export const NAV = {
  pipelines: draw(
    <>
      <circle cx="3.5" cy="8" r="2" />
      <circle cx="12.5" cy="4" r="2" />
      <circle cx="12.5" cy="12" r="2" />
      <path d="M5.5 8c3 0 2-4 5-4M5.5 8c3 0 2 4 5 4" />
    </>,
  ),
  runs: draw(<path d="M2 4h7M5 8h8M3 12h6" />),
  approvals: SHAPES.hand,
  events: draw(<path d="M9 2L4 9h4l-1 5 5-7H8z" />),
  agents: draw(<path d="M3 6h10v7H3zM8 6V3M6 9.2v.1M10 9.2v.1M1.5 9v2M14.5 9v2" />),
  about: draw(<path d="M8 7.5V11M8 5v.1M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2" />),
};
export const LOGO = (
  <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
    <path
      d="M9 16h5q4 0 4-4 0-4 4-4M14 16q4 0 4 4 0 4 4 4"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.5"
    />
    <circle cx="7" cy="16" r="4.5" fill="var(--good)" />
    <circle cx="25" cy="8" r="4.5" fill="var(--busy)" />
    <circle cx="25" cy="24" r="4.5" fill="var(--wait)" />
  </svg>
);
