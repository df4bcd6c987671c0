"""From a passed interview to the first day: people decide, vendors are asked, systems are told.

``hire_to_onboard_start`` starts one run for every AI interview that was passed. A run can also be
started by hand with ``{"person": "<id>", "notify": "<id>"}``: whoever is to be hired, as the hub
knows them, and whoever in HR gets the notice. With ``"dry_run": true`` the run
ends after its first task, whose log shows what would be sent to whom. Compose your own from these
steps.
"""

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, Param, TaskGroup, task

from hrhub.airflow.assets import entity_asset
from hrhub.airflow.ordering import HrAwaitOrderOperator, HrPlaceOrderOperator
from hrhub.airflow.retry import DEFAULT_ARGS
from hrhub.airflow.starting import start_for_interviews
from hrhub.airflow.steps import (
    HrShowOperator,
    HrVerifyEmploymentOperator,
    HrWriteOperator,
    OrderStep,
    WriteStep,
)

PERSON = "{{ params.person }}"
BACKGROUND = OrderStep("background_cn_default", "checks", "BASIC-01")
RECORDS = OrderStep("social_security_default", "contributions", "CONTRIBUTION_DETAIL")
EMPLOYEE = WriteStep("successfactors_default", "employees")
PLAN = WriteStep("weaver_default", "plans")
NOTICE = WriteStep("wecom_default", "messages", "{{ params.notify }}")

with DAG(
    "hire_to_onboard",
    description="Approval, checks with consent, verification, approval, employee, plan, notice",
    schedule=None,
    catchup=False,
    tags=["hrhub", "process"],
    default_args=DEFAULT_ARGS,
    params={
        "person": Param(type="string", title="Person", description="Id in the hub"),
        "notify": Param(type="string", title="Who in HR is told", description="Id in the hub"),
        "interview": Param("", type="string", title="Interview that was passed", description="Id"),
        "dry_run": Param(False, type="boolean", title="Only show what would be sent"),
    },
) as dag:
    show = HrShowOperator(
        task_id="show",
        person=PERSON,
        orders=[BACKGROUND, RECORDS],
        writes=[EMPLOYEE, PLAN, NOTICE],
    )

    @task.short_circuit(task_id="not_a_dry_run")
    def not_a_dry_run(**context: object) -> bool:
        """Go on unless only showing was asked for."""
        return not context["params"]["dry_run"]  # type: ignore[index]

    hire = ApprovalOperator(
        task_id="approve_hire",
        subject="Check this person for hire? 是否对该人员进行入职核查？",
        body="Person / 人员: `{{ params.person }}`. The task `show` says what would be sent to "
        "whom. 任务 `show` 说明将向谁发送什么。",
        defaults=None,
    )
    with TaskGroup("checks") as checks:
        for name, order in (("background", BACKGROUND), ("records", RECORDS)):
            place = HrPlaceOrderOperator(
                task_id=f"order_{name}",
                conn_id=order.conn_id,
                service=order.service,
                package=order.package,
                person=PERSON,
            )
            HrAwaitOrderOperator(
                task_id=f"await_{name}", conn_id=order.conn_id, order=place.output, check_s=10
            )
    verify = HrVerifyEmploymentOperator(task_id="verify", person=PERSON)
    onboard = ApprovalOperator(
        task_id="approve_onboarding",
        subject="Onboard this person? 是否办理入职？",
        body="Differences between resume and records / 简历与记录的差异: "
        "{{ ti.xcom_pull(task_ids='verify')['found'] }}. "
        "`hrhub verification show` shows both sides. `hrhub verification show` 显示双方内容。",
        defaults=None,
    )
    employee, plan, notice = (
        HrWriteOperator(
            task_id=name, conn_id=step.conn_id, sink=step.sink, person=step.person, reason="hired"
        )
        for name, step in (
            ("employee_to_successfactors", EMPLOYEE),
            ("plan_to_weaver", PLAN),
            ("notice_by_wecom", NOTICE),
        )
    )
    show >> not_a_dry_run() >> hire >> checks >> verify >> onboard >> employee >> [plan, notice]

# An asset event only wakes it: the store knows what was passed and not started yet.
with DAG(
    "hire_to_onboard_start",
    description="One run of hire_to_onboard for every AI interview that was passed",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/15 * * * *", timezone="Asia/Shanghai"),
        assets=[entity_asset("interview")],
    ),
    catchup=False,
    max_active_runs=1,
    tags=["hrhub", "process"],
    default_args=DEFAULT_ARGS,
) as starter:
    start_for_interviews(
        "hire_to_onboard", {"notify": "{{ var.value.get('hrhub_notify', '') }}"}, mode="ai"
    )
