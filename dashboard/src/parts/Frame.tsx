// Around every page: where one can go, what needs an answer, whether the page is live.

import { useEffect, useState, type ReactNode } from "react";
import { to, type Route } from "../logic/route";
import { useApprovals, useConnection } from "./data";
import { LOGO, NAV, SEARCH, SUN } from "./icons";
import { Link } from "./router";

const PLACES = [
  {
    name: "Pipelines",
    to: to.pipelines,
    icon: NAV.pipelines,
    pages: ["pipelines", "pipeline", "new"],
  },
  { name: "Runs", to: to.runs(), icon: NAV.runs, pages: ["runs", "run"] },
  { name: "Approvals", to: to.approvals(), icon: NAV.approvals, pages: ["approvals", "approval"] },
  { name: "Events", to: to.events, icon: NAV.events, pages: ["events"] },
  { name: "Agents", to: to.agents, icon: NAV.agents, pages: ["agents"] },
  { name: "About", to: to.about, icon: NAV.about, pages: ["about"] },
] as const;

const GRACE_MS = 1_200;

export function Frame({
  route,
  onSearch,
  children,
}: {
  route: Route;
  onSearch: () => void;
  children: ReactNode;
}) {
  const open = (useApprovals().data ?? []).filter((each) => each.status === "pending").length;
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="top">
        <Link to={to.pipelines} className="brand">
          {LOGO} Orchestrate
        </Link>
        <nav aria-label="Main">
          {PLACES.map((each) => {
            const here = (each.pages as readonly string[]).includes(route.page);
            return (
              <Link key={each.name} to={each.to} aria-current={here ? "page" : undefined}>
                {each.icon}
                <span>{each.name}</span>
                {each.name === "Approvals" && open > 0 && (
                  <b className="count" aria-label={`${open} open`}>
                    {open}
                  </b>
                )}
              </Link>
            );
          })}
        </nav>
        <span className="grow" />
        <button type="button" className="search" onClick={onSearch}>
          {SEARCH}
          <span>Search</span>
          <kbd aria-hidden="true">Ctrl K</kbd>
        </button>
        <Theme />
        <Connection />
      </header>
      <Broken />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function Connection() {
  const state = useConnection();
  const word = { live: "Live", connecting: "Connecting", offline: "Offline" }[state];
  return (
    <span className={`connection ${state}`} role="status" title={word}>
      <i aria-hidden="true" />
      <span>{word}</span>
    </span>
  );
}

/** Only a break that lasts is worth a banner. */
function Broken() {
  const state = useConnection();
  const [long, setLong] = useState(false);
  useEffect(() => {
    setLong(false);
    if (state !== "offline") return;
    const timer = setTimeout(() => setLong(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  if (!long) return null;
  return (
    <p className="broken" role="alert">
      The server does not answer. What you see is how it was; this page goes on by itself when the
      server is back.
    </p>
  );
}

const THEMES = ["system", "light", "dark"] as const;
type ThemeName = (typeof THEMES)[number];
const THEME_KEY = "orchestrate-theme";

export function applyTheme(): void {
  const kept = localStorage.getItem(THEME_KEY);
  if (kept === "light" || kept === "dark") document.documentElement.dataset["theme"] = kept;
  else delete document.documentElement.dataset["theme"];
}

function Theme() {
  const [theme, setTheme] = useState<ThemeName>(
    () => THEMES.find((each) => each === localStorage.getItem(THEME_KEY)) ?? "system",
  );
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  return (
    <button
      type="button"
      className="quiet theme"
      title={`Colours: ${theme}`}
      aria-label={`Colours: ${theme}. Change to ${next}`}
      onClick={() => {
        localStorage.setItem(THEME_KEY, next);
        setTheme(next);
        applyTheme();
      }}
    >
      {SUN}
    </button>
  );
}
