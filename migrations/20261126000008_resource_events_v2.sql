-- The key begins with what tells the rows apart, and is made of numbers: the one of v1 took longer to make than all the rest of a rebuild.
create table resource_events_v2 (
  id uuid not null,
  position bigint not null,
  revision integer not null,
  resource text not null,
  stream text not null,
  primary key (id, position)
);
