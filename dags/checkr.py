"""Checkr into the hub: candidates twice a day, open screenings every five minutes."""

from hrhub.airflow.dags import orders_dag, sync_dag

dag = sync_dag("checkr", conn_id="checkr_default", schedule="40 6,18 * * *")
orders = orders_dag("checkr", conn_id="checkr_default")
