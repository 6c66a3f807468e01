-- Readers see one version of a projection, whoever writes here.
create unique index projections_serving on projections (name) where serving;
