"""Education reports into the hub: open checks every five minutes, older ones less often."""

from hrhub.airflow.dags import orders_dag

orders = orders_dag("chsi", conn_id="chsi_default")
