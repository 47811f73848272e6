-- Everything of 0001, the dependents first.

DROP TABLE notifications;
DROP TABLE idempotent_answers;
DROP TABLE tokens;
DROP TABLE audit;
DROP TABLE rollback_steps;
DROP TABLE rollbacks;
DROP TABLE approval_decisions;
DROP TABLE approvals;
UPDATE pipeline_stages SET agent_id = NULL;
DROP TABLE agents;
DROP TABLE pipeline_stages;
UPDATE pipeline_runs SET rerun_of = NULL;
DROP TABLE pipeline_runs;
DROP TABLE run_events;
DROP TABLE trigger_events;
DROP TABLE pipeline_revisions;
DROP TABLE pipelines;
DROP TABLE counters;
