"""Create the template's table by API, where no stack does it: in the user's own DynamoDB, and for store tests."""

from typing import Any

TABLE_PROPERTIES = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode", "StreamSpecification")


def create_table(dynamodb: Any, name: str, properties: dict[str, Any]) -> bool:
    """Create the table that an AWS::DynamoDB::Table resource describes, with its time to live. False if it is there."""
    try:
        dynamodb.create_table(TableName=name, **{key: properties[key] for key in TABLE_PROPERTIES if key in properties})
    except dynamodb.exceptions.ResourceInUseException:
        return False
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    if "TimeToLiveSpecification" in properties:
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"])
    return True
