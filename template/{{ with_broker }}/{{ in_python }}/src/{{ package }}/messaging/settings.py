from pydantic import BaseModel, Field


class MessagingSettings(BaseModel):
    """The settings that every broker has."""

    timeout_seconds: float = Field(5, gt=0, description="for connecting, and for a confirm")
    pause_seconds: float = Field(1, gt=0, description="before trying again; doubles for a message")
    poll_seconds: float = Field(0.1, gt=0, description="how often the outbox is looked into")
    batch: int = Field(100, ge=1, description="events that are sent at once")
    max_message_bytes: int = Field(128 * 1024, ge=0, description="longer commands are set aside")
    max_seconds: float = Field(30, gt=0, description="how long an attempt at a command may take")
