-- `facility_id` null: for every facility.
create table firmware_releases_v1 (
  id uuid primary key,
  device_model text not null,
  version text not null,
  facility_id uuid,
  status text not null,
  is_active boolean not null,
  object_key text not null,
  file_name text not null,
  size_bytes bigint not null,
  sha256 text not null,
  notes text,
  min_version text,
  security_version integer,
  signature text,
  key_id uuid,
  withdrawal_reason text,
  created_at timestamptz not null
);

-- What devices of a model are told to run, and ever were, one row for each model and scope.
create table firmware_channels_v1 (
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
  created_at timestamptz not null
);

create table firmware_keys_v1 (
  id uuid primary key,
  facility_id uuid,
  name text,
  public_key text not null,
  status text not null,
  created_at timestamptz not null
);
