"""Assessments that were ordered: open ones are looked at every five minutes, callbacks at once."""

from hrhub.airflow.dags import inbox_dag, orders_dag

orders = orders_dag("assessment", conn_id="assessment_default")
inbox = inbox_dag("assessment", conn_id="assessment_default")
