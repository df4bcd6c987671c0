"""Chinese background checks into the hub: open orders, and what the platform reports by itself."""

from hrhub.airflow.dags import inbox_dag, orders_dag

orders = orders_dag("background_cn", conn_id="background_cn_default")
inbox = inbox_dag("background_cn", conn_id="background_cn_default")
