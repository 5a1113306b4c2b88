"""A client with stubs of the first version: a process of its own, with these stubs on its path.

It lives as long as the service is changed. Each line of its input is a list in JSON: an address, a command.
`fill COUNT` creates customers and orders, `use` does with them what such a client does. It answers with JSON.
"""

import json
import sys
from typing import Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from shop.v1 import customers_pb2, customers_pb2_grpc, orders_pb2, orders_pb2_grpc  # type: ignore[import-not-found]

CUSTOMERS = 20


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)


def answer(target: str, command: str, *arguments: str) -> dict[str, Any]:
    with grpc.insecure_channel(target) as channel:
        customers = customers_pb2_grpc.CustomerServiceStub(channel)
        orders = orders_pb2_grpc.OrderServiceStub(channel)
        return fill(customers, orders, int(arguments[0])) if command == "fill" else use(customers, orders)


def fill(customers: Any, orders: Any, count: int) -> dict[str, Any]:
    """The orders that were created, by their ids."""
    made = [_create_customer(customers, number) for number in range(CUSTOMERS)]
    created = {}
    for number in range(count):
        fields = _order(made[number % CUSTOMERS].id, number)
        order = orders.CreateOrder(orders_pb2.CreateOrderRequest(fields=fields)).order
        created[order.id] = _as_dict(order.fields)
    return created


def use(customers: Any, orders: Any) -> dict[str, Any]:
    """Read, list, change and delete with what the old version knew; what happened where it creates."""
    page = orders.ListOrders(orders_pb2.ListOrdersRequest(page_size=200))
    first = page.orders[0]
    read = orders.GetOrder(orders_pb2.GetOrderRequest(id=first.id)).order
    assert read == first
    change = orders_pb2.UpdateOrderRequest(
        id=first.id,
        fields=orders_pb2.OrderFields(total="77.70"),
        update_mask=FieldMask(paths=["total"]),
    )
    assert orders.UpdateOrder(change).order.fields.total == "77.70"
    change.fields.total = first.fields.total
    orders.UpdateOrder(change)
    customer = _create_customer(customers, 1000)
    result = {"listed": len(page.orders), "created": "", "fields": _as_dict(first.fields)}
    try:
        order = orders.CreateOrder(
            orders_pb2.CreateOrderRequest(fields=_order(customer.id, 1000, code="from an old one"))
        ).order
        orders.DeleteOrder(orders_pb2.DeleteOrderRequest(id=order.id))
    except grpc.RpcError as error:
        result["created"] = f"{error.code().name}: {error.details()}"
    customers.DeleteCustomer(customers_pb2.DeleteCustomerRequest(id=customer.id))
    return result


def _create_customer(customers: Any, number: int) -> Any:
    # two customers share an address
    fields = customers_pb2.CustomerFields(name=f"Customer {number}", email=f"{number // 2}@example.org")
    return customers.CreateCustomer(customers_pb2.CreateCustomerRequest(fields=fields)).customer


def _order(customer: str, number: int, code: str = "") -> Any:
    """An order as the first version has it; `agent` is a customer, and `stranger` is not."""
    return orders_pb2.OrderFields(
        customer=customer,
        status=orders_pb2.OrderFields.STATUS_PAID if number % 2 else orders_pb2.OrderFields.STATUS_NEW,
        total=f"{number}.50",
        note=f"Note {number}" if number % 3 else None,
        amount=number % 6,
        code=code or f"code {number}",
        agent=customer,
        stranger=f"00000000-0000-4000-8000-{number:012}",
    )


def _as_dict(message: Any) -> dict[str, Any]:
    return dict(MessageToDict(message, preserving_proto_field_name=True))


main()
