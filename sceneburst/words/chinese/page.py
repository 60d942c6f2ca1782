"""Chinese sentences for the reasons that the operators' page itself gives."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "containers_increased": "提交时显示了 {shown} 个容器，现在符合筛选条件的有 {now} 个；请重新载入本页后再试",
    "field_malformed": "字段 {field:quoted} 缺失或格式有误；请重新载入本页后再试",
    "form_too_large": "表单超过 {limit_kib} KiB",
    "keys_too_many": "已有 {limit} 个密钥；请先撤销一个不用的",
    "key_name_taken": "已有名为 {name:quoted} 的密钥；请先撤销它，或另取一个名字",
    "page_failed": "页面出错，原因见其日志",
    "page_path_unknown": "没有 {path} 这个页面",
    "role_too_low": "{name} 的角色是 {role}，此操作需要角色 {needed}",
    "tabs_taken": "已有 {limit} 个标签页在实时更新；上限由 SCENEBURST_PAGE_STREAMS 决定",
    "why_missing": "请填写原因：给以后查看审计日志的人写几个字即可",
    "why_too_long": "原因有 {characters} 个字符；最多保留 {most} 个，请缩短",
}
