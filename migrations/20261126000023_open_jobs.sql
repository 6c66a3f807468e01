-- Up to which event all jobs of a kind are over: see workers/openJobs.ts. It may be lost; in another log the id tells.
create table open_jobs (
  kind text primary key,
  position numeric(20) not null,
  event_id uuid not null
);
