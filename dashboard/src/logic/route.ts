// Addresses of pages, both ways: what a path means, and how a page is linked. Pure.

export type Tab = "runs" | "definition" | "revisions" | "about";
export type View = "graph" | "timeline" | "list";

export type Route =
  | { page: "pipelines" }
  | { page: "new" }
  | { page: "pipeline"; name: string; tab: Tab; revision: number | null }
  | { page: "runs"; status: string | null; pipeline: string | null }
  | { page: "run"; id: number; stage: string | null; view: View | null; line: number | null }
  | { page: "approvals"; all: boolean }
  | { page: "approval"; id: number }
  | { page: "events"; id: number | null }
  | { page: "agents" }
  | { page: "about" }
  | { page: "nowhere"; path: string };

const TABS: readonly Tab[] = ["runs", "definition", "revisions", "about"];
const VIEWS: readonly View[] = ["graph", "timeline", "list"];

function oneOf<T extends string>(text: string | null, all: readonly T[]): T | null {
  return all.find((each) => each === text) ?? null;
}

function number(text: string | null | undefined): number | null {
  return text != null && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;
}

function plain(path: string): string[] {
  try {
    return path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return ["%"];
  }
}

export function read(path: string, search = ""): Route {
  const parts = plain(path);
  const query = new URLSearchParams(search);
  const nowhere: Route = { page: "nowhere", path };
  const [first, second] = parts;
  if (parts.length > 2) return nowhere;
  if (first === undefined || (first === "pipelines" && second === undefined)) {
    return { page: "pipelines" };
  }
  const id = number(second);
  switch (first) {
    case "pipelines":
      return {
        page: "pipeline",
        name: second ?? "",
        tab: oneOf(query.get("tab"), TABS) ?? "runs",
        revision: number(query.get("revision")),
      };
    case "runs":
      if (second === undefined) {
        return { page: "runs", status: query.get("status"), pipeline: query.get("pipeline") };
      }
      return id === null
        ? nowhere
        : {
            page: "run",
            id,
            stage: query.get("stage"),
            view: oneOf(query.get("view"), VIEWS),
            line: number(query.get("line")),
          };
    case "approvals":
      if (second === undefined) return { page: "approvals", all: query.get("show") === "all" };
      return id === null ? nowhere : { page: "approval", id };
    case "events":
      return second !== undefined && id === null ? nowhere : { page: "events", id };
    case "new":
    case "agents":
    case "about":
      return second === undefined ? { page: first } : nowhere;
    default:
      return nowhere;
  }
}

function asked(pairs: Record<string, string | number | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(pairs)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text && `?${text}`;
}

export const to = {
  pipelines: "/pipelines",
  fresh: "/new",
  pipeline: (name: string, tab?: Tab, revision?: number) =>
    `/pipelines/${encodeURIComponent(name)}` +
    asked({ tab: tab === "runs" ? null : tab, revision }),
  runs: (status?: string, pipeline?: string) => `/runs${asked({ status, pipeline })}`,
  run: (id: number, stage?: string | null, view?: View | null, line?: number | null) =>
    `/runs/${id}${asked({ stage, view, line })}`,
  approvals: (all = false) => `/approvals${asked({ show: all ? "all" : null })}`,
  approval: (id: number) => `/approvals/${id}`,
  events: "/events",
  event: (id: number) => `/events/${id}`,
  agents: "/agents",
  about: "/about",
};
