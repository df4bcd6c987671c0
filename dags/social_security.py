"""Social security into the hub: open queries every five minutes, older ones less often."""

from hrhub.airflow.dags import orders_dag

orders = orders_dag("social_security", conn_id="social_security_default")
