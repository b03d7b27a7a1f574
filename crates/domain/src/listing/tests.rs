use super::*;
use crate::testing::given;

fn list(list: &str) -> Command {
    Command::List(Listed { list: list.to_owned() })
}

fn delist(list: &str) -> Command {
    Command::Delist(Delisted { list: list.to_owned() })
}

#[test]
fn a_number_is_on_each_list_once_until_it_is_taken_off() {
    let listed = given::<Listing>([list("内部名单"), list("national")]);
    listed.when(list("national")).then([]);
    assert_eq!(listed.state.lists().len(), 2);
    let left = listed.when(delist("national")).then([Delisted { list: "national".to_owned() }.into()]);
    left.when(delist("national")).then_refused_at("LISTING_NOT_LISTED", "list");
    assert_eq!(left.state.lists().iter().collect::<Vec<_>>(), ["内部名单"]);
    given::<Listing>([]).when(list(" ")).then_refused_at("INPUT_EMPTY", "list");
}
