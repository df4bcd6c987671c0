"""SuccessFactors into the hub: an Airflow DAG, every quarter of an hour."""

from hrhub.airflow.dags import sync_dag

dag = sync_dag("successfactors", conn_id="successfactors_default", schedule="*/15 * * * *")
