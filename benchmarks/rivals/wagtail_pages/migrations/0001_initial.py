"""Creates the tables of the page and of the check task."""

from typing import ClassVar

from django.db import migrations, models


def parent_link(to: str) -> models.OneToOneField:
    return models.OneToOneField(to, models.CASCADE, parent_link=True, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("wagtailcore", "0094_alter_page_locale")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="PostPage",
            fields=[("page_ptr", parent_link("wagtailcore.page")), ("text", models.TextField())],
            bases=("wagtailcore.page",),
        ),
        migrations.CreateModel(
            name="CheckTask",
            fields=[("task_ptr", parent_link("wagtailcore.task"))],
            bases=("wagtailcore.task",),
        ),
    ]
