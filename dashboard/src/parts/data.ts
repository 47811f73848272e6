// What the pages show: asked once over HTTP, kept current by the live channel.

import { QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { api, Problem, session } from "../api";
import { connection, look } from "../live";
import type { Approval, Run, RunInList } from "../logic/api-types";
import { withApprovals, withRuns } from "../logic/lists";

const TRIES_MAX = 2;

export const client = new QueryClient({
  defaultOptions: {
    // The server is on this machine: it answers also where the browser believes to be offline.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: 5_000,
      refetchOnReconnect: false,
      retry: (tries, fault) =>
        tries < TRIES_MAX && !(fault instanceof Problem && fault.status > 0 && fault.status < 500),
    },
  },
});

export function useSession(): string | null {
  return useSyncExternalStore(session.subscribe, session.token);
}

export function useConnection() {
  return useSyncExternalStore(connection.subscribe, connection.now);
}

// ── what is live ─────────────────────────────────────────────────────────────────────────────────

/** One run, whole, as it changes. */
export function useRun(id: number) {
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["run", id],
    queryFn: () => api.run(id),
    staleTime: Infinity,
  });
  const there = found.data !== undefined;
  useEffect(() => {
    if (!there) return;
    return look(`run:${id}`, (news) => {
      const { topic: _, ...run } = news;
      queries.setQueryData<Run>(["run", id], (kept) => (kept && kept.seq > run.seq ? kept : run));
    });
  }, [id, there, queries]);
  return found;
}

/** The newest runs of all pipelines. */
export function useRuns() {
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["runs"],
    queryFn: async () => (await api.runs("limit=200")).items,
    staleTime: Infinity,
  });
  const there = found.data !== undefined;
  useEffect(() => {
    if (!there) return;
    return look("runs", (news) => {
      queries.setQueryData<RunInList[]>(["runs"], (kept) => withRuns(kept ?? [], news.items));
    });
  }, [there, queries]);
  return found;
}

/** Questions to people: what is open, and what was answered lately. */
export function useApprovals() {
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["approvals"],
    queryFn: async () => (await api.approvals("all")).items,
    staleTime: Infinity,
  });
  const there = found.data !== undefined;
  useEffect(() => {
    if (!there) return;
    return look("approvals", (news) => {
      queries.setQueryData<Approval[]>(["approvals"], (kept) =>
        withApprovals(kept ?? [], news.items, news.whole),
      );
      for (const each of news.items) queries.setQueryData(["approval", each.id], each);
    });
  }, [there, queries]);
  return found;
}

// ── what is asked for ────────────────────────────────────────────────────────────────────────────

export function useAsked<T>(key: readonly unknown[], ask: () => Promise<T>, on = true) {
  return useQuery({ queryKey: key, queryFn: ask, enabled: on });
}

/** A change; what it answers replaces what is shown, and `stale` is asked for again. */
export function useDeed<A, T>(
  act: (given: A) => Promise<T>,
  then: (made: T, given: A) => void = () => undefined,
  stale: readonly (readonly unknown[])[] = [],
) {
  const queries = useQueryClient();
  return useMutation<T, Error, A>({
    mutationFn: act,
    onSuccess: (made, given) => {
      for (const queryKey of stale) void queries.invalidateQueries({ queryKey });
      then(made, given);
    },
  });
}

export function keepRun(run: Run): void {
  client.setQueryData<Run>(["run", run.id], (kept) => (kept && kept.seq > run.seq ? kept : run));
}
