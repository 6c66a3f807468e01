create table firmware_rollouts_v1 (
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
  halt jsonb not null,
  gates jsonb,
  attempt integer not null,
  started_at timestamptz not null,
  step_since timestamptz not null,
  ended_at timestamptz
);

-- What a device has reported last of a rollout: counted when it is asked for.
create table firmware_rollout_devices_v1 (
  id uuid primary key,
  rollout_id uuid not null,
  device_id uuid not null,
  facility_id uuid not null,
  outcome text not null,
  kind text,
  detail text,
  attempt integer not null,
  reported_at timestamptz not null
);
