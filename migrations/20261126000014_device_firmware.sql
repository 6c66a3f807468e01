create table device_firmware_v1 (
  id uuid primary key,
  version text,
  precedence text,
  observed_at timestamptz,
  release_id uuid,
  release_version text,
  outcome text,
  kind text,
  detail text,
  rollout_id uuid,
  attempt integer,
  reported_at timestamptz
);

-- What the devices of a model and scope are to run, and were ever told to; `facility_id` null: of every facility.
create table firmware_targets_v1 (
  id uuid primary key,
  device_model text not null,
  facility_id uuid,
  release_id uuid,
  version text,
  precedence text,
  goes_back boolean not null,
  offered text[] not null,
  activated text[] not null
);
