"""Runs the workflow's own definition, state by state, in this process: what a test wants to stop can be stopped."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DEFINITION = json.loads((Path(__file__).parents[2] / "statemachine" / "finish_job.asl.json").read_text())

Call = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Runs the function behind a Task, by the name that the definition has for it."""


class Interpreter:
    """Understands what finish_job.asl.json uses, and refuses the rest. `wait` lets so many seconds pass.

    A function that raises ends the execution as it would on AWS after the last retry, unless a Catch names its class.
    """

    def __init__(self, call: Call, wait: Callable[[int], None]) -> None:
        self._call, self._wait = call, wait
        self.visited: list[str] = []

    def run(self, state: dict[str, Any]) -> dict[str, Any]:
        return self._machine(DEFINITION, state)

    def _machine(self, machine: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
        name: str | None = machine["StartAt"]
        while name:
            self.visited.append(name)
            name, state = self._state(machine["States"][name], state)
        return state

    def _state(self, step: dict[str, Any], state: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
        match step["Type"]:
            case "Task" | "Map":
                return self._work(step, state)
            case "Choice":
                (choice,) = step["Choices"]
                holds = state[choice["Variable"].removeprefix("$.")] == choice["BooleanEquals"]
                return (choice["Next"] if holds else step["Default"]), state
            case "Wait":
                self._wait(state[step["SecondsPath"].removeprefix("$.")])
                return step["Next"], state
            case "Succeed":
                return None, state
        raise NotImplementedError(step["Type"])

    def _work(self, step: dict[str, Any], state: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
        try:
            result = self._task(step, state) if step["Type"] == "Task" else self._map(step, state)
        except Exception as error:
            for catch in step.get("Catch", ()):
                if catch["ErrorEquals"][0] in (type(error).__name__, "States.ALL"):
                    return catch["Next"], state
            raise
        kept = state if "ResultPath" in step and step["ResultPath"] is None else result
        return step.get("Next"), kept

    def _task(self, step: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
        name = step["Resource"].removeprefix("${").removesuffix("}")
        # As between functions: nothing but JSON passes.
        answer: dict[str, Any] = json.loads(json.dumps(self._call(name, json.loads(json.dumps(state)))))
        return answer

    def _map(self, step: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
        for item in state[step["ItemsPath"].removeprefix("$.")]:
            self._machine(step["ItemProcessor"], dict(_selected(step["ItemSelector"], state, item)))
        return {}


def _selected(selector: dict[str, str], state: dict[str, Any], item: Any) -> Iterator[tuple[str, Any]]:
    for name, path in selector.items():
        value = item if path == "$$.Map.Item.Value" else state[path.removeprefix("$.")]
        yield name.removesuffix(".$"), value
