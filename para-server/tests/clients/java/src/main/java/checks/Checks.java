package checks;

import static checks.Expect.equal;
import static checks.Expect.isTrue;
import static checks.Expect.missing;

import com.erudika.para.client.ParaClient;
import com.erudika.para.core.Address;
import com.erudika.para.core.App;
import com.erudika.para.core.ParaObject;
import com.erudika.para.core.Sysprop;
import com.erudika.para.core.Tag;
import com.erudika.para.core.User;
import com.erudika.para.core.utils.Pager;
import com.erudika.para.core.validation.Constraint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** What programs do with the client; each public method is one check on types of its own. */
public final class Checks {

	private final ParaClient client;
	private final ParaClient guest;
	private final String appid;

	Checks(ParaClient client, ParaClient guest, String appid) {
		this.client = client;
		this.guest = guest;
		this.appid = appid;
	}

	public void version() {
		isTrue(client.getServerVersion().startsWith("1"), client.getServerVersion());
	}

	public void me() {
		ParaObject app = client.me();
		isTrue(app instanceof App, "an app, not " + app);
		equal(appid, app.getId());
		equal(appid, client.getApp().getId());
	}

	public void create() {
		Sysprop made = client.create(object("create", null, "Kitty").addProperty("weight", 4)
				.addProperty("toys", List.of("ball", "mouse")));
		isTrue(made.getId() != null && made.getTimestamp() > 0, "id and timestamp of " + made);
		Sysprop read = client.read("create", made.getId());
		equal("Kitty", read.getName());
		equal(4, read.getProperty("weight"));
		equal(List.of("ball", "mouse"), read.getProperty("toys"));
		Sysprop byId = client.read(made.getId());
		equal("create", byId.getType());
	}

	public void overwriteUpdateAndDelete() {
		client.create(object("change", "c1", "first").addProperty("color", "red"));
		Sysprop read = client.read("change", "c1");
		read.setName("second");
		equal("second", client.update(read).getName());
		equal("red", client.<Sysprop>read("change", "c1").getProperty("color"));
		client.create(object("change", "c1", "third"));
		missing(client.<Sysprop>read("change", "c1").getProperty("color"));
		client.delete(read);
		missing(client.read("change", "c1"));
		missing(client.update(read));
	}

	public void oddIds() {
		for (String id : List.of("a:b", "čaj-茶", "x@y.org", "a/b", "50%", "(x)*'!~")) {
			client.create(object("odd", id, id));
			equal(id, client.<Sysprop>read("odd", id).getName());
		}
	}

	public void tags() {
		Tag made = client.create(new Tag("java1"));
		equal("tag:java1", made.getId());
		equal("java1", client.<Tag>read("tag", "java1").getTag());
		equal(1, client.findTags("java").size());
	}

	public void batchOfAThousand() {
		List<Sysprop> many = IntStream.range(0, 1000)
				.mapToObj(n -> object("batch", "batch" + n, "Number " + n)).toList();
		equal(1000, client.createAll(many).size());
		equal(1000L, client.getCount("batch"));
		List<String> keys = many.stream().map(Sysprop::getId).toList();
		List<Sysprop> read = client.readAll(new ArrayList<>(keys));
		equal(keys, ids(read));
		equal("Number 999", read.get(999).getName());
		client.deleteAll(new ArrayList<>(keys.subList(0, 500)));
		equal(500L, client.getCount("batch"));
	}

	public void updateMany() {
		client.createAll(List.of(object("many", "m1", "one"), object("many", "m2", "two")));
		List<Sysprop> changed = client.updateAll(List.of(object("many", "m2", "zwei")));
		equal(List.of("m2"), ids(changed));
		equal("zwei", client.<Sysprop>read("many", "m2").getName());
	}

	public void noAnswerOfTwoHundredIsLost() {
		client.createAll(IntStream.range(0, 200)
				.mapToObj(n -> object("single", "single" + n, "Number " + n)).toList());
		for (int n = 0; n < 200; n++) {
			Sysprop read = client.read("single", "single" + n);
			isTrue(read != null, "the answer to read " + n + " was lost");
			equal("Number " + n, read.getName());
		}
		int seen = 0;
		for (int n = 0; n < 200; n++) {
			seen += client.getTimestamp() > 0 ? 1 : 0;
		}
		equal(200, seen);
	}

	public void noAnswerIsLostWithManyCallers() throws Exception {
		client.create(object("parallel", "p1", "One"));
		Callable<Integer> reads = () -> {
			int lost = 0;
			for (int n = 0; n < 50; n++) {
				lost += client.read("parallel", "p1") == null ? 1 : 0;
			}
			return lost;
		};
		try (var pool = Executors.newFixedThreadPool(4)) {
			for (Future<Integer> lost : pool.invokeAll(List.of(reads, reads, reads, reads))) {
				equal(0, lost.get());
			}
		}
	}

	public void search() {
		Sysprop tom = object("seek", "tom", "Tom").addProperty("weight", 9)
				.addProperty("text", "a fat cat on the roof");
		tom.setTags(List.of("fat", "grey"));
		Sysprop kitty = object("seek", "kitty", "Kitty").addProperty("weight", 4)
				.addProperty("text", "a grey cat in the garden");
		kitty.setTags(List.of("grey"));
		client.createAll(List.of(tom, kitty, object("seek", "felix", "Felix")));
		Pager pager = new Pager();
		equal(2, client.findQuery("seek", "cat", pager).size());
		equal(2L, pager.getCount());
		equal(List.of("tom"), ids(client.findQuery("seek", "properties.weight:[5 TO *]")));
		equal(List.of("tom"), ids(client.findTagged("seek", new String[] {"fat", "grey"})));
		equal(List.of("tom"), ids(client.findTerms("seek", Map.of("tags", "fat"), true)));
		equal(List.of("kitty"), ids(client.findPrefix("seek", "name", "Kit")));
		equal(List.of("felix"), ids(client.findWildcard("seek", "name", "Fel*")));
		equal(List.of("tom"), ids(client.findTermInList("seek", "id", List.of("tom", "other"))));
		equal("tom", client.findById("tom").getId());
		equal(2, client.findByIds(List.of("tom", "kitty")).size());
		equal(List.of("kitty"), ids(client.findSimilar("seek", "tom",
				new String[] {"properties.text"}, "grey cat")));
		equal(3L, client.getCount("seek"));
		equal(2L, client.getCount("seek", Map.of("tags", "grey")));
		Pager heavy = new Pager(1, "properties.weight", true, 2);
		equal(List.of("tom", "kitty"), ids(client.list("seek", heavy)));
	}

	public void nearby() {
		Address home = new Address();
		home.setId("home");
		home.setName("Home");
		home.setAddress("Vitosha 1");
		home.setCountry("Bulgaria");
		home.setLatlng("42.69,23.32");
		client.create(home);
		equal(List.of("home"), ids(client.findNearby("address", "*", 10, 42.7, 23.3)));
		equal(0, client.findNearby("address", "*", 10, 0.0, 0.0).size());
	}

	public void links() {
		Sysprop from = client.create(object("left", "l1", "Left"));
		Sysprop to = client.create(object("right", "r1", "Right"));
		equal("left:l1:right:r1", client.link(from, "r1"));
		isTrue(client.isLinked(from, to), "linked");
		isTrue(client.isLinked(to, from), "linked from the other side");
		equal(1L, client.countLinks(from, "right"));
		equal(List.of("r1"), ids(client.getLinkedObjects(from, "right")));
		equal(List.of("l1"), ids(client.getLinkedObjects(to, "left")));
		equal(List.of("r1"), ids(client.findLinkedObjects(from, "right", "name", "Right")));
		client.unlink(from, "right", "r1");
		isTrue(!client.isLinked(from, to), "no link left");
		client.link(from, "r1");
		client.unlinkAll(from);
		equal(0L, client.countLinks(from, "right"));
	}

	public void children() {
		Sysprop parent = client.create(object("parent", "p", "Parent"));
		Sysprop one = object("child", "one", "One").addProperty("color", "red");
		Sysprop two = object("child", "two", "Two");
		one.setParentid("p");
		two.setParentid("p");
		client.createAll(List.of(one, two, object("child", "three", "Of nobody")));
		equal(2, client.getChildren(parent, "child").size());
		equal(List.of("one"), ids(client.getChildren(parent, "child", "properties.color", "red")));
		equal(List.of("two"), ids(client.findChildren(parent, "child", "name:Two")));
		equal(2L, client.countChildren(parent, "child"));
		client.deleteChildren(parent, "child");
		equal(List.of("three"), ids(client.list("child")));
	}

	public void votes() {
		Sysprop target = client.create(object("voted", "v1", "Target"));
		isTrue(client.voteUp(target, "someone"), "the first vote counts");
		isTrue(!client.voteUp(target, "someone"), "the second does not");
		isTrue(client.voteDown(target, "someone"), "it can be taken back");
		isTrue(client.voteUp(target, "another", 60, 10), "with times of its own");
		equal(1, client.<Sysprop>read("voted", "v1").getVotes());
	}

	public void constraints() {
		isTrue(client.validationConstraints().containsKey("user"), "core types have constraints");
		client.addValidationConstraint("strict", "color", Constraint.required());
		client.addValidationConstraint("strict", "weight", Constraint.min(3L));
		client.addValidationConstraint("strict", "size", Constraint.size(1, 3));
		equal(3, client.validationConstraints("strict").get("strict").size());
		missing(client.create(object("strict", "s1", "No color")));
		missing(client.create(object("strict", "s2", "Light").addProperty("color", "red")
				.addProperty("weight", 2)));
		isTrue(client.create(object("strict", "s3", "Good").addProperty("color", "red")
				.addProperty("weight", 3)) != null, "a good one is stored");
		client.removeValidationConstraint("strict", "color", "required");
		isTrue(client.create(object("strict", "s1", "No color")) != null, "and without the rule all");
	}

	public void errorsAreExceptionsWhenAsked() throws Exception {
		client.addValidationConstraint("fussy", "color", Constraint.required());
		client.throwExceptionOnHTTPError(true);
		try {
			client.create(object("fussy", "f1", "No color"));
			throw new AssertionError("no exception");
		} catch (RuntimeException error) {
			isTrue(error.getMessage().contains("400 - color is required"), error.getMessage());
		} finally {
			client.throwExceptionOnHTTPError(false);
		}
	}

	public void permissions() {
		client.create(object("guarded", "g1", "Secret"));
		missing(guest.read("guarded", "g1"));
		var read = EnumSet.of(App.AllowedMethods.GET);
		client.grantResourcePermission("*", "guardeds", read, true);
		equal("Secret", guest.<Sysprop>read("guarded", "g1").getName());
		client.grantResourcePermission("u1", "guarded/g?x", App.AllowedMethods.READ);
		client.grantResourcePermission("u1", "guarded", EnumSet.of(App.AllowedMethods.POST));
		isTrue(client.isAllowedTo("u1", "guarded", "POST"), "POST was granted");
		isTrue(!client.isAllowedTo("u1", "guarded", "DELETE"), "DELETE was not");
		client.revokeAllResourcePermissions("u1");
		isTrue(!client.isAllowedTo("u1", "guarded", "POST"), "POST was revoked");
		client.revokeResourcePermission("*", "guardeds");
		missing(guest.read("guarded", "g1"));
	}

	public void settings() {
		client.addAppSetting("number", 1);
		client.addAppSetting("dotted.key", "text");
		equal(1, client.appSettings("number").get("value"));
		client.removeAppSetting("number");
		equal(Map.of("dotted.key", "text"), client.appSettings());
		client.setAppSettings(Map.of("only", true));
		equal(Map.of("only", true), client.appSettings());
		client.setAppSettings(Map.of());
		equal(Map.of(), client.appSettings());
	}

	public void types() {
		client.create(object("story", "story1", "Story"));
		equal("story", client.types().get("stories"));
		equal(1, client.typesCount().get("story").intValue());
	}

	public void utilities() {
		isTrue(client.newId().length() > 10, "an id");
		isTrue(client.getTimestamp() > 1_700_000_000_000L, "a time");
		isTrue(client.formatDate("yyyy", Locale.US).matches("\\d{4}"), "a year");
		equal("hello-world", client.noSpaces("Hello World", "-"));
		equal("cool", client.stripAndTrim(" %^&*( cool )  @! "));
		equal("<h1>hello</h1>", client.markdownToHtml("# hello").strip());
		equal("15s", client.approximately(15000));
	}

	public void users() {
		User made = guest.signIn("password", "margot@example.com:Margot:correct horse");
		equal("margot@example.com", made.getEmail());
		equal(made.getId(), guest.me().getId());
		isTrue(guest.revokeAllTokens(), "tokens are revoked");
		guest.signOut();
		missing(guest.signIn("password", "margot@example.com::wrong"));
		equal(made.getId(), guest.signIn("password", "margot@example.com::correct horse").getId());
		guest.signOut();
	}

	public void everythingIsReadOnce() {
		client.createAll(IntStream.range(0, 95).mapToObj(n -> object("all", "all" + n, "x")).toList());
		List<String> met = new ArrayList<>();
		client.readEverything(pager -> {
			List<Sysprop> page = client.list("all", pager);
			met.addAll(ids(page));
			return page;
		});
		equal(95, met.size());
		equal(95L, met.stream().distinct().count());
		client.updateAllPartially((changes, pager) -> {
			List<Sysprop> page = client.list("all", pager);
			page.forEach(found -> changes.add(Map.of("id", found.getId(), "seen", true)));
			return page;
		});
		equal(95L, client.getCount("all", Map.of("properties.seen", true)));
	}

	public void indexIsRebuilt() {
		client.create(object("index", "i1", "One").addProperty("text", "unmistakable"));
		isTrue(((Number) client.rebuildIndex().get("reindexed")).intValue() > 0, "reindexed");
		equal(List.of("i1"), ids(client.findQuery("index", "unmistakable")));
	}

	public void zzzNewKeysReplaceTheOld() {
		isTrue(client.newKeys().get("secretKey") != null, "a new secret");
		equal(appid, client.me().getId());
	}

	private static Sysprop object(String type, String id, String name) {
		Sysprop made = new Sysprop(id);
		made.setType(type);
		made.setName(name);
		return made;
	}

	private static List<String> ids(Collection<? extends ParaObject> objects) {
		return objects.stream().map(ParaObject::getId).toList();
	}
}
