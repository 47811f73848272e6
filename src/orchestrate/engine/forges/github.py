"""What GitHub tells → facts. Forgejo and Gitea tell the same in the same words.

The name is GitHub's own, with its action: `pull_request.opened`, `release.published`, `push`. Two
are ours: `pull_request.merged`, and `push.deleted` for the push that deletes a branch or a tag.
Pure; what a payload does not say is unknown, and never guessed.
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

COMMITS_MAX = 2_048
"""How many commits GitHub puts into a push at most; with as many, some may be missing."""
VALUES_MAX = 100
"""How many values of somebody's own are taken over from a dispatch."""


def occurrence(event: str, payload: Payload) -> Occurrence:
    """What happened, by the name in `X-GitHub-Event` and the body."""
    draft = Draft(
        event=event,
        repository=text(payload, "repository", "full_name"),
        actor=text(payload, "sender", "login"),
    )
    draft.act(text(payload, "action"))
    _READS.get(event, _other)(draft, payload)
    return draft.done()


# ── commits ──────────────────────────────────────────────────────────────────────────────────────


def _push(draft: Draft, payload: Payload) -> None:
    draft.at_ref(text(payload, "ref"))
    after = text(payload, "after")
    draft.actor = first(draft.actor, text(payload, "pusher", "name"))
    draft.note(
        before=text(payload, "before"),
        created=flag(payload, "created"),
        forced=flag(payload, "forced"),
        title=title(payload, "head_commit", "message"),
        url=text(payload, "compare"),
    )
    if flag(payload, "deleted") or not is_commit(after):
        draft.event = "push.deleted"
        return
    draft.sha = after
    if draft.tag is not None:
        draft.notes.append("a tag has no changed paths of its own")
        return
    commits = at(payload, "commits")
    if not isinstance(commits, list):
        draft.notes.append("the push does not list its commits, so the changed paths are not known")
    elif len(commits) >= COMMITS_MAX:
        draft.notes.append(
            f"the push lists {len(commits):,} commits, and may have more: the changed paths are"
            " not known"
        )
    elif flag(payload, "forced"):
        draft.notes.append(
            "the push was forced, and does not tell what it took away: the changed paths are not"
            " known"
        )
    else:
        draft.paths = paths_of_commits(commits)
        if draft.paths is None:
            draft.notes.append("the push does not list its changed paths, or too many")


def _ref(draft: Draft, payload: Payload) -> None:
    """`create` and `delete`, of a branch or a tag."""
    kind, name = text(payload, "ref_type"), text(payload, "ref")
    if kind == "tag":
        draft.tag = name
        draft.no_branch()
    elif kind == "branch":
        draft.on(name)
    draft.note(ref_type=kind)


def _commit_comment(draft: Draft, payload: Payload) -> None:
    draft.sha = text(payload, "comment", "commit_id")
    draft.note(title=title(payload, "comment", "body"), url=text(payload, "comment", "html_url"))


def _merge_group(draft: Draft, payload: Payload) -> None:
    group = at(payload, "merge_group")
    draft.at_ref(text(group, "base_ref"))
    head = text(group, "head_ref")
    draft.head_branch = None if head is None else head.removeprefix("refs/heads/")
    draft.sha = text(group, "head_sha")
    draft.note(
        base_sha=text(group, "base_sha"),
        head_sha=draft.sha,
        title=title(group, "head_commit", "message"),
    )
    draft.notes.append("a merge group does not list its changed paths")


# ── pull requests and issues ─────────────────────────────────────────────────────────────────────


def _pull_request(draft: Draft, payload: Payload) -> None:
    request = at(payload, "pull_request")
    draft.branch = text(request, "base", "ref")
    draft.head_branch = text(request, "head", "ref")
    head = text(request, "head", "sha")
    draft.sha = head
    draft.labels = names(request, "labels", key="name")
    draft.note(
        number=number(request, "number") or number(payload, "number"),
        title=title(request, "title"),
        url=text(request, "html_url"),
        author=text(request, "user", "login"),
        state=text(request, "state"),
        draft=flag(request, "draft"),
        merged=flag(request, "merged"),
        label=text(payload, "label", "name"),
        base_sha=text(request, "base", "sha"),
        head_sha=head,
        head_repository=text(request, "head", "repo", "full_name"),
    )
    if draft.event == "pull_request.closed" and flag(request, "merged"):
        draft.event = "pull_request.merged"
        draft.sha = text(request, "merge_commit_sha") or head
    draft.notes.append("a pull request does not list its changed paths")


def _review(draft: Draft, payload: Payload) -> None:
    _pull_request(draft, payload)
    draft.note(
        review=text(payload, "review", "state"),
        url=first(
            text(payload, "review", "html_url"),
            text(payload, "comment", "html_url"),
            text(payload, "pull_request", "html_url"),
        ),
    )


def _issue(draft: Draft, payload: Payload) -> None:
    issue = at(payload, "issue")
    draft.labels = names(issue, "labels", key="name")
    draft.note(
        number=number(issue, "number"),
        title=title(issue, "title"),
        url=first(text(payload, "comment", "html_url"), text(issue, "html_url")),
        author=text(issue, "user", "login"),
        state=text(issue, "state"),
        label=text(payload, "label", "name"),
    )
    if at(issue, "pull_request") is None:
        draft.no_branch()
        return
    draft.note(on="pull_request")
    draft.notes.append("it does not tell the branches of its pull request")


def _discussion(draft: Draft, payload: Payload) -> None:
    discussion = at(payload, "discussion")
    draft.no_branch()
    draft.labels = names(discussion, "labels", key="name")
    draft.note(
        number=number(discussion, "number"),
        title=title(discussion, "title"),
        url=first(text(payload, "comment", "html_url"), text(discussion, "html_url")),
        author=text(discussion, "user", "login"),
        label=text(payload, "label", "name"),
    )


# ── results ──────────────────────────────────────────────────────────────────────────────────────


def _check(draft: Draft, payload: Payload) -> None:
    """`check_run` and `check_suite`."""
    run = at(payload, "check_run")
    suite = at(run, "check_suite") if run is not None else at(payload, "check_suite")
    check = suite if run is None else run
    draft.on(text(suite, "head_branch"))
    draft.sha = text(check, "head_sha")
    draft.note(
        title=first(title(check, "name"), title(check, "app", "name")),
        url=first(text(check, "html_url"), text(check, "details_url"), text(check, "url")),
        status=text(check, "status"),
        conclusion=text(check, "conclusion"),
    )


def _status(draft: Draft, payload: Payload) -> None:
    draft.sha = text(payload, "sha")
    branches = names(payload, "branches", key="name")
    if len(branches) == 1:
        draft.on(branches[0])
    elif branches:
        draft.notes.append("several branches have this commit, so the branch is not known")
    draft.note(
        title=title(payload, "description"),
        url=text(payload, "target_url"),
        status=text(payload, "state"),
        conclusion=text(payload, "state"),
        context=text(payload, "context"),
    )


def _workflow(draft: Draft, payload: Payload) -> None:
    """`workflow_run` and `workflow_job`."""
    run = at(payload, "workflow_run")
    done = at(payload, "workflow_job") if run is None else run
    draft.on(text(done, "head_branch"))
    draft.sha = text(done, "head_sha")
    draft.note(
        number=number(done, "run_number"),
        title=first(title(done, "display_title"), title(done, "name")),
        url=text(done, "html_url"),
        workflow=first(text(done, "workflow_name"), text(payload, "workflow", "name")),
        job=None if run is not None else text(done, "name"),
        status=text(done, "status"),
        conclusion=text(done, "conclusion"),
    )


def _deployment(draft: Draft, payload: Payload) -> None:
    """`deployment`, its statuses and its reviews."""
    deployment, status = at(payload, "deployment"), at(payload, "deployment_status")
    ref, sha = text(deployment, "ref"), text(deployment, "sha")
    run_branch = text(payload, "workflow_run", "head_branch")
    draft.sha = sha or text(payload, "workflow_run", "head_sha")
    if ref is not None and ref != sha and not is_commit(ref):
        draft.at_ref(ref)
    elif run_branch is not None:
        draft.on(run_branch)
    draft.note(
        title=first(title(status, "description"), title(deployment, "description")),
        url=first(
            text(status, "environment_url"), text(status, "target_url"), text(deployment, "url")
        ),
        environment=first(text(deployment, "environment"), text(payload, "environment")),
        task=text(deployment, "task"),
        status=text(status, "state"),
        conclusion=text(status, "state"),
    )


# ── orders, releases, and all the rest ───────────────────────────────────────────────────────────


def _dispatch(draft: Draft, payload: Payload) -> None:
    """`workflow_dispatch` and `repository_dispatch`."""
    draft.at_ref(first(text(payload, "ref"), text(payload, "branch")))
    for name in ("inputs", "client_payload"):
        given = at(payload, name)
        if isinstance(given, dict):
            draft.note(**{name: dict(list(given.items())[:VALUES_MAX])})
    draft.note(workflow=text(payload, "workflow"))


def _release(draft: Draft, payload: Payload) -> None:
    release = at(payload, "release")
    draft.tag = text(release, "tag_name")
    draft.no_branch()
    draft.note(
        title=first(title(release, "name"), draft.tag),
        url=text(release, "html_url"),
        author=text(release, "author", "login"),
        prerelease=flag(release, "prerelease"),
        draft=flag(release, "draft"),
        target=text(release, "target_commitish"),
    )


def _alert(draft: Draft, payload: Payload) -> None:
    """Alerts of scanners."""
    alert = at(payload, "alert")
    draft.at_ref(text(payload, "ref"))
    draft.sha = text(payload, "commit_oid")
    draft.note(
        number=number(alert, "number"),
        title=first(
            title(alert, "rule", "description"), title(alert, "security_advisory", "summary")
        ),
        url=text(alert, "html_url"),
        state=text(alert, "state"),
        severity=first(
            text(alert, "rule", "severity"), text(alert, "security_advisory", "severity")
        ),
    )


def _other(draft: Draft, payload: Payload) -> None:
    """Whatever else there is or will be: its subject usually stands under the event's own name."""
    kind = draft.event.partition(".")[0]
    subject = at(payload, kind)
    draft.note(
        number=number(subject, "number"),
        title=first(title(subject, "title"), title(subject, "name"), title(subject, "summary")),
        url=first(text(subject, "html_url"), text(payload, "repository", "html_url")),
        state=text(subject, "state"),
    )
    if listed(subject, "labels"):
        draft.labels = names(subject, "labels", key="name")


_READS: dict[str, Reads] = {
    "push": _push,
    "create": _ref,
    "delete": _ref,
    "commit_comment": _commit_comment,
    "merge_group": _merge_group,
    "pull_request": _pull_request,
    "pull_request_target": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _review,
    "pull_request_review_thread": _review,
    "issues": _issue,
    "issue_comment": _issue,
    "discussion": _discussion,
    "discussion_comment": _discussion,
    "check_run": _check,
    "check_suite": _check,
    "status": _status,
    "workflow_run": _workflow,
    "workflow_job": _workflow,
    "deployment": _deployment,
    "deployment_status": _deployment,
    "deployment_review": _deployment,
    "deployment_protection_rule": _deployment,
    "workflow_dispatch": _dispatch,
    "repository_dispatch": _dispatch,
    "release": _release,
    "code_scanning_alert": _alert,
    "dependabot_alert": _alert,
    "secret_scanning_alert": _alert,
}
