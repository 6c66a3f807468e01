create table tags_v1 (
  id uuid primary key,
  facility_id uuid not null,
  name text not null,
  status text not null,
  created_at timestamptz not null
);
