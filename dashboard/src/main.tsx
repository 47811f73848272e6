// The dashboard: one page, the address says which part of it.

import { QueryClientProvider } from "@tanstack/react-query";
import { Component, StrictMode, Suspense, lazy, useEffect, useState, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { comeIn, type Problem } from "./api";
import { to, type Route } from "./logic/route";
import { Skeleton } from "./parts/bits";
import { client, useSession } from "./parts/data";
import { applyTheme, Frame } from "./parts/Frame";
import { Keys, Palette } from "./parts/Palette";
import { go, useRoute } from "./parts/router";
import { Approvals } from "./pages/Approvals";
import { Pipelines } from "./pages/Pipelines";
import { Run } from "./pages/Run";
import { Runs } from "./pages/Runs";
import { Door, Nowhere } from "./pages/Door";
import "./style.css";

const Pipeline = lazy(() => import("./pages/Pipeline"));
const New = lazy(() => import("./pages/New"));
const Events = lazy(() => import("./pages/Events"));
const Agents = lazy(() => import("./pages/Agents"));
const About = lazy(() => import("./pages/About"));

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "pipelines":
      return <Pipelines />;
    case "new":
      return <New />;
    case "pipeline":
      return <Pipeline key={route.name} route={route} />;
    case "runs":
      return <Runs route={route} />;
    case "run":
      return <Run key={route.id} route={route} />;
    case "approvals":
      return <Approvals all={route.all} id={null} />;
    case "approval":
      return <Approvals all={false} id={route.id} />;
    case "events":
      return <Events id={route.id} />;
    case "agents":
      return <Agents />;
    case "about":
      return <About />;
    case "nowhere":
      return <Nowhere path={route.path} />;
  }
}

const JUMPS: Record<string, string> = { p: to.pipelines, r: to.runs(), a: to.approvals() };

function App() {
  const route = useRoute();
  const [over, setOver] = useState<"palette" | "keys" | null>(null);
  useEffect(() => {
    let jump = false;
    const keys = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOver("palette");
        return;
      }
      const target = event.composedPath()[0] as HTMLElement;
      const typing = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "?") setOver("keys");
      const address = jump ? JUMPS[event.key] : undefined;
      if (address) go(address);
      jump = event.key === "g";
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, []);
  return (
    <Frame route={route} onSearch={() => setOver("palette")}>
      <Suspense fallback={<Skeleton rows={6} tall />}>
        <Page route={route} />
      </Suspense>
      {over === "palette" && <Palette close={() => setOver(null)} />}
      {over === "keys" && <Keys close={() => setOver(null)} />}
    </Frame>
  );
}

/** A fault of ours: the page says so, and can be loaded again. */
class Boundary extends Component<{ children: ReactNode }, { fault: Error | null }> {
  override state = { fault: null as Error | null };
  static getDerivedStateFromError(fault: Error) {
    return { fault };
  }
  override render() {
    if (this.state.fault === null) return this.props.children;
    return (
      <main className="door">
        <h1>This page is broken</h1>
        <p>It is a fault of the dashboard, not of your pipelines: {this.state.fault.message}</p>
        <button type="button" className="primary" onClick={() => location.reload()}>
          Load it again
        </button>
      </main>
    );
  }
}

function Root({ problem }: { problem: Problem | null }) {
  const token = useSession();
  if (token === null) return <Door problem={problem} />;
  return (
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  );
}

applyTheme();
const root = document.getElementById("root");
if (root) {
  void comeIn().then((problem) =>
    createRoot(root).render(
      <StrictMode>
        <Boundary>
          <Root problem={problem} />
        </Boundary>
      </StrictMode>,
    ),
  );
}
