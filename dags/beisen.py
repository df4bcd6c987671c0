"""Beisen iTalent into the hub: an Airflow DAG, once an hour."""

from hrhub.airflow.dags import sync_dag

dag = sync_dag("beisen", conn_id="beisen_default", schedule="50 * * * *")
