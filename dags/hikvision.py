"""Hikvision terminals into the hub: an Airflow DAG, five minutes after the employees came in."""

from hrhub.airflow.dags import sync_dag

dag = sync_dag("hikvision", conn_id="hikvision_default", schedule="5-59/15 * * * *")
