"""AI interviews: what the platform reports, and the orders that are open."""

from hrhub.airflow.dags import deliver_dag, inbox_dag, orders_dag

inbox = inbox_dag("ai_interview")
orders = orders_dag("ai_interview", schedule="*/15 * * * *")
outbox = deliver_dag("ai_interview", schedule="*/15 * * * *")
