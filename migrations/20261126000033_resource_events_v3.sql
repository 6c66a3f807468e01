-- Inference jobs have a history, and are in that of their recording.
create table resource_events_v3 (
  id uuid not null,
  position bigint not null,
  revision integer not null,
  resource text not null,
  stream text not null,
  primary key (id, position)
);
