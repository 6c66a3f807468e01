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
