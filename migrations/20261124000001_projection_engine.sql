-- One row a live group: how far the log has been applied to all its members.
create table projection_groups (
  name text primary key,
  position numeric(20),
  updated_at timestamptz not null default now()
);

-- One row a projection. It has a position of its own only while it is building, stopped or lagging.
create table projections (
  name text primary key,
  version integer not null,
  state text not null,
  position numeric(20),
  error jsonb,
  updated_at timestamptz not null default now()
);

-- Which events, of whichever stream, belong to a resource.
create table resource_events_v1 (
  resource text not null,
  id uuid not null,
  position numeric(20) not null,
  stream text not null,
  revision integer not null,
  primary key (resource, id, position)
);

-- How far each reaction has got; forgetting it only makes it look again.
create table reactions (
  name text primary key,
  position numeric(20) not null
);
