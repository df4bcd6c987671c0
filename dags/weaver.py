"""Weaver e-cology into the hub: an Airflow DAG, once an hour."""

from hrhub.airflow.dags import sync_dag

dag = sync_dag("weaver", conn_id="weaver_default", schedule="50 * * * *")
