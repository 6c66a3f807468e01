-- With what devices of the channel go back from, whatever became active since; `told`: what it offered last, by release.
create table firmware_channels_v2 (
  id uuid primary key,
  device_model text not null,
  facility_id uuid,
  active_release_id uuid,
  active_version text,
  active_precedence text,
  active_by text,
  active_since timestamptz,
  security_floor integer not null,
  rollout_id uuid,
  offered text[] not null,
  activated text[] not null,
  told jsonb not null,
  left_versions text[] not null,
  created_at timestamptz not null
);
