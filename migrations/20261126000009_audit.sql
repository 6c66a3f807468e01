-- Every event of the log that is there to stay. What it says is kept as it was stored, personal fields sealed: text, since nobody asks Postgres
-- about it. Names are compared byte by byte, which makes their indexes cheap; the stream is `<resource>-<resource_id>`.
create table audit_v1 (
  position bigint primary key,
  id uuid not null,
  at timestamptz,
  action text collate "C" not null,
  actor_kind text collate "C",
  actor_id text collate "C",
  facility_id uuid,
  resource text collate "C" not null,
  resource_id text collate "C" not null,
  revision bigint not null,
  correlation_id uuid,
  data text not null
);

-- One hash an event, each made of the one before it: what the log must still lead to. Never rebuilt, never changed.
create table audit_chain (
  seq bigint primary key,
  event_id uuid not null,
  hash bytea not null
);

-- Where the chain ends: the newest event that it holds, and the position that this event has in this log.
create table audit_chain_end (
  one boolean primary key default true check (one),
  seq bigint not null,
  position numeric(20),
  event_id uuid,
  hash bytea not null
);
