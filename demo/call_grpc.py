"""Create and read an order over gRPC, with the stubs of the generated service; runs in its environment."""

import sys

import grpc
from orders.v1 import orders_pb2, orders_pb2_grpc


def main(target: str) -> None:
    with grpc.insecure_channel(target) as channel:
        orders = orders_pb2_grpc.OrderServiceStub(channel)
        fields = orders_pb2.OrderFields(name="rope", quantity=7)
        created = orders.CreateOrder(orders_pb2.CreateOrderRequest(fields=fields), timeout=10)
        print("CreateOrder", *str(created).split(), flush=True)
        found = orders.GetOrder(orders_pb2.GetOrderRequest(id=created.order.id), timeout=10)
        print("GetOrder", *str(found).split(), flush=True)
        page = orders.ListOrders(orders_pb2.ListOrdersRequest(), timeout=10)
        print("ListOrders", len(page.orders), "orders")


if __name__ == "__main__":
    main(sys.argv[1])
