from __future__ import annotations

from ocsf_json_schema import get_ocsf_schema

from ocsf.classes import CATEGORY_NAMES, CLASS_NAMES, category_uid, class_name
from ocsf.mapping import OCSF_VERSION


def test_the_tables_of_names_are_those_of_the_schema():
    schema = get_ocsf_schema(OCSF_VERSION)
    classes = {each["uid"]: each["caption"] for each in schema["classes"].values()}
    categories = {
        each["uid"]: each["caption"] for each in schema["categories"]["attributes"].values()
    }
    assert classes == CLASS_NAMES
    assert categories == {uid: name for uid, name in CATEGORY_NAMES.items() if uid}


def test_the_category_of_every_class_follows_from_its_uid():
    for each in get_ocsf_schema(OCSF_VERSION)["classes"].values():
        if each["uid"]:
            allowed = each["attributes"]["category_uid"]["enum"]
            assert str(category_uid(each["uid"])) in allowed


def test_an_unknown_class_is_named_by_its_number():
    assert class_name(201001) == "Registry Key Activity"
    assert class_name(4711) == "Class 4711"
