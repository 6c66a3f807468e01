create table gpu_servers_v1 (
  id uuid primary key,
  name text not null,
  url text not null,
  has_token boolean not null,
  max_concurrency integer not null,
  status text not null,
  health text not null,
  health_since timestamptz,
  reason text,
  models jsonb not null,
  created_at timestamptz not null
);
