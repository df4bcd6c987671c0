"""The hub inside Apache Airflow: connection types, operators, retry policy, builders, runner.

The only package that imports Airflow. Modules are imported by their own names; importing the
package itself costs nothing, because Airflow reads the provider's description in every process.
"""
