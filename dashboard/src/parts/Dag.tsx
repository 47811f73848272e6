// The graph of a pipeline. It scrolls as any page does; keys, buttons and Ctrl+wheel move and zoom.

import {
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
} from "react";
import { layered, type GraphStage, type Layout } from "../logic/layout";
import {
  fitting,
  groups,
  MAP_FROM,
  MARGIN,
  neighbour,
  SIZES,
  visible,
  ZOOM_MAX,
  ZOOM_MIN,
  type Direction,
} from "../logic/scene";
import type { Look } from "../logic/status";
import { SHAPES } from "./icons";

export interface Node extends GraphStage {
  group?: string | null;
  look: Look;
  note: ReactNode;
  title?: string;
  gate?: boolean;
}

interface Props {
  nodes: readonly Node[];
  selected?: string | null;
  focus?: string | null;
  undo?: ReadonlySet<string>;
  onSelect?: (name: string) => void;
  label: string;
}

const CULL_FROM = 150;
const STEP = 1.25;
const ARROWS: Record<string, Direction> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

const Stage = memo(function Stage({
  node,
  layout,
  selected,
  onSelect,
}: {
  node: Node;
  layout: Layout;
  selected: boolean;
  onSelect: ((name: string) => void) | undefined;
}) {
  const place = layout.places.get(node.name);
  if (!place) return null;
  return (
    <button
      type="button"
      className={`node tone-${node.look.tone}${selected ? " selected" : ""}`}
      data-stage={node.name}
      data-status={node.look.word}
      title={node.title}
      aria-pressed={onSelect ? selected : undefined}
      style={{ transform: `translate(${place.x + MARGIN}px, ${place.y + MARGIN}px)` }}
      onClick={() => onSelect?.(node.name)}
    >
      {SHAPES[node.look.shape]}
      <span className="node-text">
        <b>{node.name}</b>
        <small>
          {node.look.word}
          {node.note !== null && <> · {node.note}</>}
        </small>
      </span>
      {node.gate && (
        <span className="node-gate" title="Needs approval">
          {SHAPES.hand}
        </span>
      )}
    </button>
  );
});

export function Dag({ nodes, selected, focus, undo, onSelect, label }: Props) {
  const structure = nodes.map((each) => `${each.name}<${each.needs.join(",")}`).join(";");
  // The structure alone: what a stage does must neither move it nor any other.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const layout = useMemo(() => layered(nodes, SIZES), [structure]);
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [zoom, setZoom] = useState(1);
  const [at, setAt] = useState({ x: 0, y: 0 });
  const touched = useRef(false);

  useLayoutEffect(() => {
    const here = frame.current;
    if (!here) return;
    const measure = () => setSize({ width: here.clientWidth, height: here.clientHeight });
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(here);
    return () => watch.disconnect();
  }, []);

  const show = useCallback(
    (name: string | null | undefined, scale: number) => {
      const here = frame.current;
      const place = name ? layout.places.get(name) : undefined;
      if (!here || !place) return;
      const x = (place.x + SIZES.width / 2 + MARGIN) * scale - here.clientWidth / 2;
      const y = (place.y + SIZES.height / 2 + MARGIN) * scale - here.clientHeight / 2;
      here.scrollTo(x, y);
    },
    [layout],
  );

  useLayoutEffect(() => {
    if (touched.current || size.width === 0) return;
    const scale = fitting(layout, size.width, size.height);
    setZoom(scale);
    requestAnimationFrame(() => show(selected ?? focus, scale));
  }, [layout, size, selected, focus, show]);

  const scale = (next: number) => {
    touched.current = true;
    const here = frame.current;
    const to = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, next));
    if (here) {
      const middle = [
        here.scrollLeft + here.clientWidth / 2,
        here.scrollTop + here.clientHeight / 2,
      ];
      requestAnimationFrame(() =>
        here.scrollTo(
          ((middle[0] ?? 0) * to) / zoom - here.clientWidth / 2,
          ((middle[1] ?? 0) * to) / zoom - here.clientHeight / 2,
        ),
      );
    }
    setZoom(to);
  };
  const fit = () => scale(fitting(layout, size.width, size.height, ZOOM_MIN));

  useEffect(() => {
    const here = frame.current;
    if (!here) return;
    const wheel = (event: WheelEvent) => {
      touched.current = true;
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      setZoom((now) =>
        Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, now * (event.deltaY < 0 ? 1.1 : 0.9))),
      );
    };
    here.addEventListener("wheel", wheel, { passive: false });
    return () => here.removeEventListener("wheel", wheel);
  }, []);

  const keys = (event: KeyboardEvent) => {
    const direction = ARROWS[event.key];
    const name = (event.target as HTMLElement).dataset["stage"];
    if (direction && name) {
      event.preventDefault();
      const next = neighbour(layout, name, direction);
      if (next === null) return;
      show(next, zoom);
      requestAnimationFrame(() =>
        frame.current?.querySelector<HTMLElement>(`[data-stage="${CSS.escape(next)}"]`)?.focus(),
      );
    } else if (event.key === "+" || event.key === "=") scale(zoom * STEP);
    else if (event.key === "-") scale(zoom / STEP);
    else if (event.key === "0") fit();
  };

  const grip = usePan(frame, touched);
  const view = {
    x: at.x / zoom,
    y: at.y / zoom,
    width: size.width / zoom,
    height: size.height / zoom,
  };
  const culled = nodes.length > CULL_FROM && size.width > 0;
  const seen = culled ? visible(layout, view, SIZES) : null;
  const hot = new Set(nodes.filter((each) => each.look.tone === "busy").map((each) => each.name));
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  return (
    <div className="dag">
      <div
        ref={frame}
        className="dag-frame"
        role="group"
        aria-label={label}
        tabIndex={-1}
        onKeyDown={keys}
        onScroll={(event) => {
          if (culled || nodes.length > MAP_FROM) {
            setAt({ x: event.currentTarget.scrollLeft, y: event.currentTarget.scrollTop });
          }
        }}
        {...grip}
      >
        <div className="dag-space" style={{ width: width * zoom, height: height * zoom }}>
          <div className="dag-scene" style={{ width, height, transform: `scale(${zoom})` }}>
            <Lines layout={layout} seen={seen} hot={hot} undo={undo} nodes={nodes} />
            {nodes
              .filter((each) => !seen || seen.has(each.name))
              .map((each) => (
                <Stage
                  key={each.name}
                  node={each}
                  layout={layout}
                  selected={each.name === selected}
                  onSelect={onSelect}
                />
              ))}
          </div>
        </div>
      </div>
      <div className="dag-tools" role="toolbar" aria-label="Zoom">
        <button
          type="button"
          aria-label="Zoom in"
          title="Zoom in (+)"
          onClick={() => scale(zoom * STEP)}
        >
          +
        </button>
        <button
          type="button"
          aria-label="Zoom out"
          title="Zoom out (−)"
          onClick={() => scale(zoom / STEP)}
        >
          −
        </button>
        <button type="button" aria-label="Show all" title="Show all (0)" onClick={fit}>
          ⤢
        </button>
      </div>
      {nodes.length > MAP_FROM && (
        <Map_ layout={layout} nodes={nodes} view={view} frame={frame} zoom={zoom} />
      )}
    </div>
  );
}

const Lines = memo(function Lines({
  layout,
  seen,
  hot,
  undo,
  nodes,
}: {
  layout: Layout;
  seen: ReadonlySet<string> | null;
  hot: ReadonlySet<string>;
  undo: ReadonlySet<string> | undefined;
  nodes: readonly Node[];
}) {
  const boxes = useMemo(() => groups(layout, nodes, SIZES), [layout, nodes]);
  return (
    <svg className="dag-lines" width="100%" height="100%" aria-hidden="true">
      <defs>
        <marker
          id="undo"
          viewBox="0 0 8 8"
          refX="4"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path d="M0 0L8 4L0 8z" className="undo-head" />
        </marker>
      </defs>
      <g transform={`translate(${MARGIN} ${MARGIN})`}>
        {boxes.map((each) => (
          <rect
            key={each.name}
            className="group"
            rx="14"
            x={each.x}
            y={each.y}
            width={each.width}
            height={each.height}
          >
            <title>{each.name}</title>
          </rect>
        ))}
        {layout.lines.map(({ from, to, path }) => {
          if (seen && !seen.has(from) && !seen.has(to)) return null;
          const back = undo?.has(from) && undo.has(to);
          return (
            <path
              key={`${from} ${to}`}
              d={path}
              className={back ? "undo" : hot.has(to) ? "hot" : ""}
              markerStart={back ? "url(#undo)" : undefined}
            />
          );
        })}
      </g>
    </svg>
  );
});

/** The whole of a large graph in a corner; a click goes there. */
function Map_({
  layout,
  nodes,
  view,
  frame,
  zoom,
}: {
  layout: Layout;
  nodes: readonly Node[];
  view: { x: number; y: number; width: number; height: number };
  frame: React.RefObject<HTMLDivElement | null>;
  zoom: number;
}) {
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  return (
    <svg
      className="dag-map"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="xMidYMid meet"
      aria-hidden="true"
      onPointerDown={(event) => {
        const matrix = event.currentTarget.getScreenCTM();
        if (!matrix) return;
        const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
        frame.current?.scrollTo(
          (point.x - view.width / 2) * zoom,
          (point.y - view.height / 2) * zoom,
        );
      }}
    >
      {nodes.map((each) => {
        const place = layout.places.get(each.name);
        return (
          place && (
            <rect
              key={each.name}
              className={`tone-${each.look.tone}`}
              x={place.x + MARGIN}
              y={place.y + MARGIN}
              width={SIZES.width}
              height={SIZES.height}
            />
          )
        );
      })}
      <rect className="dag-view" x={view.x} y={view.y} width={view.width} height={view.height} />
    </svg>
  );
}

/** Dragging the ground moves it; a finger scrolls by itself. */
function usePan(frame: React.RefObject<HTMLDivElement | null>, touched: { current: boolean }) {
  const from = useRef<{ x: number; y: number } | null>(null);
  return {
    onPointerDown: (event: PointerEvent) => {
      touched.current = true;
      const ground = !(event.target as HTMLElement).closest("button");
      if (event.pointerType !== "mouse" || event.button !== 0 || !ground) return;
      from.current = { x: event.clientX, y: event.clientY };
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent) => {
      if (!from.current) return;
      frame.current?.scrollBy(from.current.x - event.clientX, from.current.y - event.clientY);
      from.current = { x: event.clientX, y: event.clientY };
    },
    onPointerUp: () => (from.current = null),
    onPointerCancel: () => (from.current = null),
  };
}
