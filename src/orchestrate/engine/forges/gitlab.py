"""What GitLab tells → facts, under the names that GitHub's events have where the two mean the same.

So a pipeline need not know which forge it is started from: an accepted merge request is
`pull_request.merged`, a pipeline that ended is `workflow_run.completed`. What only GitLab knows
keeps GitLab's name. Pure; what a payload does not say is unknown, and never guessed.
"""

from __future__ import annotations

from orchestrate.engine.forges.occurrence import (
    Draft,
    Occurrence,
    Payload,
    Reads,
    at,
    first,
    flag,
    is_commit,
    listed,
    names,
    number,
    paths_of_commits,
    text,
    title,
)

_REQUESTS = {
    "open": "opened",
    "close": "closed",
    "reopen": "reopened",
    "merge": "merged",
    "update": "edited",
}
_REVIEWS = {
    "approved": ("submitted", "approved"),
    "approval": ("submitted", "approved"),
    "unapproved": ("dismissed", "dismissed"),
    "unapproval": ("dismissed", "dismissed"),
}
_ISSUES = {"open": "opened", "close": "closed", "reopen": "reopened", "update": "edited"}
_NOTES = {"create": "created", "update": "edited"}
_RELEASES = {"create": "published", "update": "edited", "delete": "deleted"}
_ENDS = {
    "success": "success",
    "failed": "failure",
    "canceled": "cancelled",
    "skipped": "skipped",
}
_DEPLOYMENTS = {
    "running": "in_progress",
    "failed": "failure",
    "canceled": "cancelled",
}


def occurrence(hook: str, payload: Payload) -> Occurrence:
    """What happened, by the body; `hook` is `X-Gitlab-Event`, for what does not say its kind."""
    kind = first(text(payload, "object_kind"), text(payload, "event_name"))
    draft = Draft(
        event=kind or hook.removesuffix(" Hook").strip().lower().replace(" ", "_") or "gitlab",
        repository=first(
            text(payload, "project", "path_with_namespace"),
            text(payload, "path_with_namespace"),
            text(payload, "project_name") if kind == "build" else None,
        ),
        actor=first(
            text(payload, "user", "username"),
            text(payload, "user_username"),
            text(payload, "user_name"),
            text(payload, "user", "name"),
        ),
    )
    _READS.get(draft.event, _other)(draft, payload)
    return draft.done()


# ── commits ──────────────────────────────────────────────────────────────────────────────────────


def _push(draft: Draft, payload: Payload) -> None:
    """`push` and `tag_push`; where nothing is left behind, `delete`."""
    draft.event = "push"
    draft.at_ref(text(payload, "ref"))
    before, after = text(payload, "before"), text(payload, "after")
    commits = listed(payload, "commits")
    draft.note(
        before=before,
        created=None if before is None else not is_commit(before),
        title=title(commits[-1], "message") if commits else None,
        url=text(payload, "project", "web_url"),
    )
    if not is_commit(after):
        draft.event = "delete"
        draft.note(ref_type="branch" if draft.tag is None else "tag")
        return
    draft.sha = text(payload, "checkout_sha") or after
    total = number(payload, "total_commits_count")
    if draft.tag is not None:
        draft.notes.append("a tag has no changed paths of its own")
    elif total is None or total > len(commits):
        draft.notes.append(
            f"the push lists {len(commits):,} of its commits, and there are"
            f" {'more' if total is None else f'{total:,}'}: the changed paths are not known"
        )
    else:
        draft.paths = paths_of_commits(commits)
        if draft.paths is None:
            draft.notes.append("the push does not list its changed paths, or too many")


# ── merge requests, issues, notes ────────────────────────────────────────────────────────────────


def _of_request(draft: Draft, request: object) -> None:
    """What is known of every merge request."""
    target = text(request, "target_branch")
    draft.branch = target
    draft.head_branch = text(request, "source_branch")
    draft.sha = text(request, "last_commit", "id")
    draft.note(
        number=number(request, "iid"),
        title=title(request, "title"),
        url=text(request, "url"),
        state=text(request, "state"),
        draft=flag(request, "draft"),
        head_sha=draft.sha,
        base_branch=target,
        head_repository=text(request, "source", "path_with_namespace"),
    )
    draft.notes.append("a merge request does not list its changed paths")


def _merge_request(draft: Draft, payload: Payload) -> None:
    request = at(payload, "object_attributes")
    action = text(request, "action")
    draft.event = "pull_request"
    draft.labels = names(payload, "labels", key="title")
    _of_request(draft, request)
    if action in _REVIEWS:
        draft.event = "pull_request_review"
        done, state = _REVIEWS[action]
        draft.note(review=state)
        draft.act(done)
        return
    if action == "merge":
        draft.sha = first(
            text(request, "merge_commit_sha"), text(request, "squash_commit_sha"), draft.sha
        )
        draft.note(merged=True)
    draft.act(
        _change(draft, payload) if action == "update" else _REQUESTS.get(action or "", action)
    )


def _change(draft: Draft, payload: Payload) -> str:
    """What an update is: fresh commits, a draft that is none any more, labels, or anything else."""
    if text(payload, "object_attributes", "oldrev"):
        return "synchronize"
    was, is_draft = (flag(payload, "changes", "draft", each) for each in ("previous", "current"))
    if was is not None and is_draft is not None and was is not is_draft:
        return "converted_to_draft" if is_draft else "ready_for_review"
    return _labels_changed(draft, payload) or "edited"


def _labels_changed(draft: Draft, payload: Payload) -> str | None:
    before = names(payload, "changes", "labels", "previous", key="title")
    after = names(payload, "changes", "labels", "current", key="title")
    for action, more, fewer in (("labeled", after, before), ("unlabeled", before, after)):
        changed = [each for each in more if each not in fewer]
        if changed:
            draft.note(label=changed[0])
            return action
    return None


def _issue(draft: Draft, payload: Payload) -> None:
    issue = at(payload, "object_attributes")
    action = text(issue, "action")
    draft.event = "issues"
    draft.no_branch()
    draft.labels = names(payload, "labels", key="title")
    draft.note(
        number=number(issue, "iid"),
        title=title(issue, "title"),
        url=text(issue, "url"),
        state=text(issue, "state"),
    )
    changed = _labels_changed(draft, payload) if action == "update" else None
    draft.act(changed or _ISSUES.get(action or "", action))


def _note(draft: Draft, payload: Payload) -> None:
    """A comment: on a commit, a merge request, an issue or a snippet."""
    note = at(payload, "object_attributes")
    on = text(note, "noteable_type")
    draft.event = "issue_comment"
    if on == "Commit":
        draft.event = "commit_comment"
        draft.sha = first(text(note, "commit_id"), text(payload, "commit", "id"))
        draft.note(title=title(note, "note"))
    elif on == "MergeRequest":
        if text(note, "type") == "DiffNote":
            draft.event = "pull_request_review_comment"
        _of_request(draft, at(payload, "merge_request"))
        draft.labels = names(payload, "merge_request", "labels", key="title")
        draft.note(on="pull_request")
    else:
        draft.no_branch()
        draft.labels = names(payload, "issue", "labels", key="title")
        draft.note(
            number=number(payload, "issue", "iid"),
            title=first(title(payload, "issue", "title"), title(payload, "snippet", "title")),
            on=None if on is None else on.lower(),
        )
    draft.note(url=text(note, "url"))
    action = text(note, "action") or "create"
    draft.act(_NOTES.get(action, action))


# ── results ──────────────────────────────────────────────────────────────────────────────────────


def _ended(draft: Draft, status: str | None) -> None:
    """The name and the conclusion of a pipeline or a job, by GitLab's status."""
    waits = "requested" if draft.event == "workflow_run" else "queued"
    draft.note(status=status)
    if status in _ENDS:
        draft.note(conclusion=_ENDS[status])
        draft.act("completed")
    else:
        draft.act("in_progress" if status == "running" else waits)


def _pipeline(draft: Draft, payload: Payload) -> None:
    pipeline = at(payload, "object_attributes")
    draft.event = "workflow_run"
    draft.sha = text(pipeline, "sha")
    ref = text(pipeline, "ref")
    if flag(pipeline, "tag"):
        draft.tag = ref
        draft.no_branch()
    elif ref is not None and ref.startswith("refs/merge-requests/"):
        draft.on(text(payload, "merge_request", "source_branch"))
    else:
        draft.at_ref(ref)
    draft.note(
        number=number(pipeline, "iid"),
        title=first(title(pipeline, "name"), title(payload, "commit", "title")),
        url=text(pipeline, "url"),
        source=text(pipeline, "source"),
    )
    _ended(draft, text(pipeline, "status"))


def _job(draft: Draft, payload: Payload) -> None:
    draft.event = "workflow_job"
    draft.sha = text(payload, "sha")
    if flag(payload, "tag"):
        draft.tag = text(payload, "ref")
        draft.no_branch()
    else:
        draft.at_ref(text(payload, "ref"))
    draft.note(
        number=number(payload, "build_id"),
        title=text(payload, "build_name"),
        job=text(payload, "build_name"),
        url=text(payload, "project", "web_url"),
        environment=first(text(payload, "environment", "name"), text(payload, "environment")),
    )
    _ended(draft, text(payload, "build_status"))


def _deployment(draft: Draft, payload: Payload) -> None:
    draft.event = "deployment_status"
    status = text(payload, "status")
    commit = (text(payload, "commit_url") or "").rpartition("/")[2]
    draft.sha = commit if is_commit(commit) else None
    draft.at_ref(text(payload, "ref"))
    draft.note(
        title=title(payload, "commit_title"),
        url=first(text(payload, "environment_external_url"), text(payload, "deployable_url")),
        environment=text(payload, "environment"),
        status=status,
        conclusion=_DEPLOYMENTS.get(status or "", status),
    )
    draft.act("created")


# ── releases, and all the rest ───────────────────────────────────────────────────────────────────


def _release(draft: Draft, payload: Payload) -> None:
    draft.tag = text(payload, "tag")
    draft.no_branch()
    draft.sha = text(payload, "commit", "id")
    draft.note(title=first(title(payload, "name"), draft.tag), url=text(payload, "url"))
    action = text(payload, "action")
    draft.act(_RELEASES.get(action or "", action))


def _other(draft: Draft, payload: Payload) -> None:
    """Whatever else there is or will be: its subject stands in `object_attributes`."""
    subject = at(payload, "object_attributes")
    draft.labels = names(payload, "labels", key="title")
    draft.note(
        number=number(subject, "iid"),
        title=first(title(subject, "title"), title(subject, "name")),
        url=first(text(subject, "url"), text(payload, "project", "web_url")),
        state=text(subject, "state"),
    )
    draft.act(first(text(subject, "action"), text(payload, "action")))


_READS: dict[str, Reads] = {
    "push": _push,
    "tag_push": _push,
    "merge_request": _merge_request,
    "issue": _issue,
    "note": _note,
    "pipeline": _pipeline,
    "build": _job,
    "deployment": _deployment,
    "release": _release,
}
