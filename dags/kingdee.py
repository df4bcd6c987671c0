"""Kingdee Cloud Galaxy into the hub: an Airflow DAG, once an hour."""

from hrhub.airflow.dags import sync_dag

dag = sync_dag("kingdee", conn_id="kingdee_default", schedule="35 * * * *")
