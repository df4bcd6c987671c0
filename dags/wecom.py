"""WeCom into the hub: an Airflow DAG, once an hour."""

from hrhub.airflow.dags import sync_dag

dag = sync_dag("wecom", conn_id="wecom_default", schedule="20 * * * *")
