"""Background checks by Yibeidiao into the hub: open orders every five minutes."""

from hrhub.airflow.dags import orders_dag

orders = orders_dag("yibeidiao", conn_id="yibeidiao_default")
