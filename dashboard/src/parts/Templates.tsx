// Pipelines to begin with: those the server brings along.

import { api } from "../api";
import { to } from "../logic/route";
import { Fault, Skeleton } from "./bits";
import { useAsked } from "./data";
import { Link } from "./router";

export function Templates() {
  const asked = useAsked(["templates"], api.templates);
  if (asked.isPending) return <Skeleton rows={2} tall />;
  return (
    <div className="templates">
      <Fault fault={asked.error} />
      {(asked.data?.items ?? []).map((each) => (
        <Link
          key={each.name}
          to={`${to.fresh}?template=${encodeURIComponent(each.name)}`}
          className="card pad"
        >
          <strong>{each.title}</strong>
          <span className="dim">{each.description}</span>
        </Link>
      ))}
      <Link to={to.fresh} className="card pad">
        <strong>Empty page</strong>
        <span className="dim">A name, one stage, and help while you write</span>
      </Link>
    </div>
  );
}
