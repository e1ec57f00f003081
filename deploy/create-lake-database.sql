-- Dagster's events and the lake's catalog are two databases of one server.
CREATE DATABASE lake;
