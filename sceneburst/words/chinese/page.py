"""Chinese sentences for the reasons that the operators' page itself gives."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "field_malformed": "字段 {field:quoted} 缺失或格式有误；请重新载入本页后再试",
    "form_too_large": "表单超过 {limit_kib} KiB",
    "page_failed": "页面出错，原因见其日志",
    "page_path_unknown": "没有 {path} 这个页面",
    "role_too_low": "{name} 的角色是 {role}，此操作需要角色 {needed}",
    "tabs_taken": "已有 {limit} 个标签页在实时更新；上限由 SCENEBURST_PAGE_STREAMS 决定",
    "why_missing": "请填写原因：给以后查看审计日志的人写几个字即可",
    "why_too_long": "原因有 {characters} 个字符；最多保留 {most} 个，请缩短",
}
