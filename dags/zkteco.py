"""Punch terminals into the hub: an Airflow DAG, five minutes after the employees came in."""

from hrhub.airflow.dags import sync_dag

dag = sync_dag("zkteco", conn_id="zkteco_default", schedule="5-59/15 * * * *")
