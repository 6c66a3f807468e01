-- With how many of the devices that a share adds must have reported before it advances by itself; null in what began before there was this.
create table firmware_rollouts_v2 (
  id uuid primary key,
  device_model text not null,
  facility_id uuid,
  release_id uuid not null,
  version text not null,
  previous_release_id uuid,
  status text not null,
  reason text,
  percent double precision not null,
  ladder jsonb not null,
  dwell_secs integer not null,
  advance text not null,
  success_percent double precision not null,
  step_min_devices integer,
  halt jsonb not null,
  gates jsonb,
  attempt integer not null,
  started_at timestamptz not null,
  step_since timestamptz not null,
  ended_at timestamptz
);
