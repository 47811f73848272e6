// A new pipeline: from a template, or from a few lines; it can be saved as soon as it is valid.

import { useEffect, useState } from "react";
import { api } from "../api";
import { to } from "../logic/route";
import { Fault, useTitle } from "../parts/bits";
import { useAsked, useDeed } from "../parts/data";
import { go, guard, Link } from "../parts/router";
import { Workbench } from "../parts/Workbench";

const BEGINNING = `name: my-pipeline
description: What it is for

stages:
  - name: test
    run: echo "the tests would run here"

  - name: deploy
    run: echo "and then it would be deployed"
    requires_approval: true
`;

export default function New() {
  useTitle("New pipeline");
  const [template] = useState(() => new URLSearchParams(location.search).get("template"));
  const asked = useAsked(["templates"], api.templates, template !== null);
  const [text, setText] = useState(BEGINNING);
  const [saved, setSaved] = useState(false);
  const [start, setStart] = useState(BEGINNING);
  useEffect(() => {
    const found = asked.data?.items.find((each) => each.name === template);
    if (found === undefined) return;
    const { definition } = found;
    setText(definition);
    setStart(definition);
  }, [asked.data, template]);
  const dirty = text !== start && !saved;
  useEffect(() => {
    if (!dirty) return;
    return guard(() => confirm("The new pipeline is not saved. Leave it?"));
  }, [dirty]);
  const create = useDeed(
    () => api.create(text),
    () => setSaved(true),
    [["pipelines"]],
  );
  const made = create.data;
  useEffect(() => {
    if (saved && made) go(to.pipeline(made.name));
  }, [saved, made]);
  return (
    <>
      <p className="crumbs">
        <Link to={to.pipelines}>Pipelines</Link>
      </p>
      <h1>New pipeline</h1>
      <Fault fault={asked.error} />
      {template !== null && (
        <p className="dim">
          The text of a template. Its agents and scripts are written beside your code by{" "}
          <code>orchestrate pipeline init {template}</code>.
        </p>
      )}
      <Workbench text={text} name="" onChange={setText} onSave={() => create.mutate(undefined)}>
        {({ valid, checked, name }) => (
          <>
            <div className="row">
              <button
                type="button"
                className="primary"
                disabled={!valid || !checked || create.isPending}
                onClick={() => create.mutate(undefined)}
              >
                {name && valid ? `Create ${name}` : "Create"}
              </button>
            </div>
            <Fault fault={create.error} />
          </>
        )}
      </Workbench>
    </>
  );
}
